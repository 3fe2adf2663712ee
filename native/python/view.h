// An array argument as the caller holds it: NumPy's through nanobind, a tensor's through DLPack's C functions where its
// library offers them (torch does), which takes a twentieth of what a call of its `__dlpack__` takes.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <cstdint>

namespace bigru_python {

using Tensor = nanobind::dlpack::dltensor;
using Look = int (*)(void* object, Tensor* tensor);  // fills in a view that holds no reference; 0 if it can

// The head of DLPackExchangeAPI of dlpack.h 1.3, whose layout holds within a major version.
struct ExchangeApi {
  uint32_t major, minor;
  const void* previous;
  void (*allocate)();
  void (*managed_from_object)();
  void (*managed_to_object)();
  Look look;
};

inline Look find_look(PyTypeObject* type) {
  PyObject* capsule = PyObject_GetAttrString(reinterpret_cast<PyObject*>(type), "__dlpack_c_exchange_api__");
  const void* api = capsule ? PyCapsule_GetPointer(capsule, "dlpack_exchange_api") : nullptr;
  Py_XDECREF(capsule);
  PyErr_Clear();
  const auto* known = static_cast<const ExchangeApi*>(api);
  return known && known->major == 1 ? known->look : nullptr;
}

// What a type offers, asked once for each of the first few types. Called with the interpreter lock held.
inline Look look_of(PyTypeObject* type) {
  struct Known { PyTypeObject* type; Look look; };
  static Known known[8];
  for (Known& k : known) {
    if (k.type == type) return k.look;
    if (!k.type) {
      Py_INCREF(type);  // so that no other type ever has its address
      k = {type, find_look(type)};
      return k.look;
    }
  }
  return find_look(type);
}

template <class Imported> class View {
 public:
  size_t ndim() const { return seen_ ? static_cast<size_t>(tensor_.ndim) : imported_.ndim(); }
  size_t shape(size_t i) const { return seen_ ? static_cast<size_t>(tensor_.shape[i]) : imported_.shape(i); }
  int64_t stride(size_t i) const { return seen_ ? tensor_.strides[i] : imported_.stride(i); }
  nanobind::dlpack::dtype dtype() const { return seen_ ? tensor_.dtype : imported_.dtype(); }
  const void* data() const {
    return seen_ ? static_cast<const char*>(tensor_.data) + tensor_.byte_offset : static_cast<const void*>(imported_.data());
  }

  bool look(PyObject* object) noexcept {
    const Look look = look_of(Py_TYPE(object));
    if (!look) return false;
    if (look(object, &tensor_) != 0) {
      PyErr_Clear();
      return false;
    }
    seen_ = tensor_.device.device_type == nanobind::device::cpu::value && (tensor_.strides || tensor_.ndim == 0);
    return seen_;
  }
  void import(const Imported& imported) { imported_ = imported; }

 private:
  Imported imported_;
  Tensor tensor_{};
  bool seen_ = false;
};

}  // namespace bigru_python

namespace nanobind::detail {

template <class Imported> struct type_caster<bigru_python::View<Imported>> {
  NB_TYPE_CASTER(bigru_python::View<Imported>, make_caster<Imported>::Name)

  bool from_python(handle source, uint32_t flags, cleanup_list* cleanup) noexcept {
    if (value.look(source.ptr())) return true;
    make_caster<Imported> caster;
    if (!caster.from_python(source, flags, cleanup)) return false;
    value.import(caster.value);
    return true;
  }
};

}  // namespace nanobind::detail
